# escape=`
FROM mcr.microsoft.com/powershell:nanoserver
SHELL ["pwsh", "-Command"]
RUN $x = @{ a = 1 }; `
    foreach ($k in $x.Keys) { Write-Host "$k" }; `
    if (-not (Test-Path C:\x)) { New-Item C:\x }
RUN ["cmd", "/c", "dir"]

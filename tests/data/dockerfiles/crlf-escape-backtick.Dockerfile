# escape=`
FROM mcr.microsoft.com/windows/servercore:ltsc2022
SHELL ["powershell", "-Command", "$ErrorActionPreference = 'Stop';"]
RUN Invoke-WebRequest https://example.invalid/python.zip -OutFile C:\python.zip; `
    # unpack
    Expand-Archive C:\python.zip -DestinationPath C:\python; `
    Remove-Item C:\python.zip
WORKDIR C:\app\
COPY . .

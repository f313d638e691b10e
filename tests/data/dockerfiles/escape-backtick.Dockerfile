#escape=`
FROM mcr.microsoft.com/windows/nanoserver:ltsc2022
RUN dir C:\ `
    && echo C:\temp\
ENV P="C:\dir" Q=a` b R=c
COPY a`b c
ADD [ "C:\\a", "C:\\b\\" ]
RUN echo one`

    two ` 
    three

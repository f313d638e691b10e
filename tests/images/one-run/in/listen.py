import soundfile

print(soundfile.__libsndfile_version__)

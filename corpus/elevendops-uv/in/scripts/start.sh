#!/bin/bash
# The backend inside, the app on the port of Cloud Run.
set -euo pipefail

uvicorn backend.main:app --host 127.0.0.1 --port 8000 &
exec streamlit run streamlit_app/app.py \
    --server.port "${PORT:-8080}" --server.address 0.0.0.0 --server.headless true

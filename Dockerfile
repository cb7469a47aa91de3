# zapcls as a demo of the finished runs in /workspace, on port 8501:
#   docker build -t zapcls .
#   docker run -p 127.0.0.1:8501:8501 -v "$PWD/workspace:/workspace:ro" zapcls
# DEVICE=cuda adds what trainings need (torch with CUDA, 6 GB):
#   docker build --build-arg DEVICE=cuda -t zapcls:cuda .
ARG PYTHON_VERSION=3.11
FROM python:${PYTHON_VERSION}-slim-bookworm

ARG DEVICE=none
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /app
COPY constraints.txt requirements-answer.txt requirements-serve.txt requirements-train.txt ./
RUN pip install --no-cache-dir -c constraints.txt -r requirements-answer.txt -r requirements-serve.txt
RUN if [ "$DEVICE" = cuda ]; then pip install --no-cache-dir -c constraints.txt -r requirements-train.txt; fi
COPY server.py streamlit_app.py ./
COPY .streamlit .streamlit
COPY pages pages
COPY zapcls zapcls
RUN python -m compileall -q zapcls pages server.py streamlit_app.py

# Nobody within the container may write but into /workspace and /tmp.
RUN useradd --create-home --uid 10001 zapcls && install -d -o zapcls /workspace
USER zapcls
ENV ZAPCLS_MODE=demo ZAPCLS_WORKSPACE=/workspace STREAMLIT_SERVER_ADDRESS=0.0.0.0
VOLUME /workspace
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import os; from urllib.request import urlopen; base = os.environ.get('STREAMLIT_SERVER_BASE_URL_PATH', '').strip('/'); urlopen(f'http://localhost:8501/{base}/api/health'.replace('//api', '/api'), timeout=4)"]
CMD ["python", "-m", "zapcls", "serve"]

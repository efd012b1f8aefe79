# A run served over HTTP, without TensorFlow (docs/deploy.md):
#   docker build --tag hier-rnn .
#   docker run --rm --read-only --publish 8000:8000 --volume "$PWD/runs/messages:/model:ro" hier-rnn
FROM python:3.13-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY data data
COPY hier_rnn hier_rnn
COPY requirements-light.txt .
# Without its dependencies, of which training needs hundreds of megabytes; those of serving follow.
RUN pip install --no-cache-dir --prefix /installed --no-deps . \
    && pip install --no-cache-dir --prefix /installed --requirement requirements-light.txt

FROM python:3.13-slim
COPY --from=build /installed /usr/local
# Nobody: the server writes nothing.
USER 65534
EXPOSE 8000
# The server answers what it has accepted before it stops (SIGTERM), within 30 seconds.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/health', timeout=2)"]
ENTRYPOINT ["hier-rnn", "serve", "/model", "--name", "model", "--host", "0.0.0.0"]

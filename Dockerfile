# docker build --tag reconvene .
# An image with Python 3.11 or newer and its venv: `--build-arg BASE=…` takes another one.
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS build
# All but `peer`, which is large: `--build-arg EXTRAS=all` takes it, too.
ARG EXTRAS=cluster,doctor,jwt,postgres,supabase,zoom
WORKDIR /source
COPY . .
RUN python3 -m venv /opt/reconvene && \
    /opt/reconvene/bin/pip install --no-cache-dir --disable-pip-version-check -c requirements.lock ".[${EXTRAS}]"

FROM ${BASE}
COPY --from=build /opt/reconvene /opt/reconvene
RUN mkdir /data && chown 10001:10001 /data && chmod 700 /data
ENV PATH=/opt/reconvene/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    RECONVENE_HOST=0.0.0.0 \
    RECONVENE_PORT=3000 \
    RECONVENE_STORE=sqlite:////data/reconvene.db
# With another store, files of the server's own go to ./data, which is the same.
WORKDIR /
VOLUME /data
USER 10001:10001
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["python", "-c", "\
import http.client, os; \
server = http.client.HTTPConnection('127.0.0.1', int(os.environ['RECONVENE_PORT']), timeout=4); \
server.request('GET', os.environ.get('RECONVENE_BASE_PATH', '') + '/healthz'); \
raise SystemExit(server.getresponse().status != 200)"]
# The server itself is process 1: it gets SIGTERM, and leaves in good order.
ENTRYPOINT ["reconvene"]
CMD ["serve"]

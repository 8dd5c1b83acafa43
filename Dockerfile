FROM python:3.13-slim AS build
WORKDIR /src
COPY . .
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /dist . \
 && python -m venv /opt/sseproxy \
 && /opt/sseproxy/bin/pip install --no-cache-dir --constraint constraints.txt /dist/*.whl

FROM python:3.13-slim
COPY --from=build /opt/sseproxy /opt/sseproxy
# 1000 is the first user of most machines: cassettes written to a mounted folder are then theirs.
RUN useradd --uid 1000 --create-home sseproxy \
 && install -d -o sseproxy -g sseproxy /cassettes
# 127.0.0.1, the default, can't be reached from outside a container.
ENV PATH=/opt/sseproxy/bin:$PATH \
    SSEPROXY_HOST=0.0.0.0 \
    SSEPROXY_PORT=8080 \
    SSEPROXY_CASSETTES=/cassettes
# By number, so that a cluster can tell that it is not root.
USER 1000
VOLUME /cassettes
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["sseproxy", "health"]
ENTRYPOINT ["sseproxy"]

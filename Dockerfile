# The image of the tare-doctor CronJob, for the user that the chart runs it as. Build the package first:
#   npm ci && npm pack && docker build --build-arg TARBALL=tare-1.2.0.tgz -t tare-doctor:1.2.0 .
FROM node:24.21.0-alpine AS package
ARG TARBALL
WORKDIR /opt/tare
COPY ${TARBALL} /tmp/tare.tgz
# The Node of this image is the one that tare needs: the optional packages would bring another.
RUN npm init -y && npm install --omit=dev --omit=optional --no-audit --no-fund /tmp/tare.tgz

FROM node:24.21.0-alpine
COPY --from=package /opt/tare /opt/tare
USER 65532:65532
ENV NODE_ENV=production
ENTRYPOINT ["node", "/opt/tare/node_modules/tare/bin/tare.js"]

#!/bin/sh
# The chaincode as a service. test-network names it by CHAINCODE_SERVER_ADDRESS and CHAINCODE_ID. Mutual TLS where
# CHAINCODE_TLS_KEY, CHAINCODE_TLS_CERT and CHAINCODE_CLIENT_CA_CERT name PEM files.
set -eu
: "${CHAINCODE_SERVER_ADDRESS:?host:port to listen on}" "${CHAINCODE_ID:?id of the installed package}"
set -- --chaincode-address "$CHAINCODE_SERVER_ADDRESS" --chaincode-id "$CHAINCODE_ID"
if [ -n "${CHAINCODE_TLS_KEY:-}" ]; then
  set -- "$@" --chaincode-tls-key-file "$CHAINCODE_TLS_KEY" --chaincode-tls-cert-file "$CHAINCODE_TLS_CERT" \
    --chaincode-tls-client-cacert-file "$CHAINCODE_CLIENT_CA_CERT"
fi
cd "$(dirname "$0")"
# Node ignores SIGTERM as process 1 of a container: this shell passes it on
node node_modules/fabric-shim/cli.js server "$@" &
server=$!
trap 'kill -TERM $server' TERM INT
wait $server

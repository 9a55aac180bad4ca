#!/bin/sh
# Makes the certificates of the tests again: an authority and what it signed, good from 2020 to
# 2060, one that expired in 2010, and some that signed themselves. Their keys are worth nothing: only
# the tests trust them.
set -e
cd "$(dirname "$0")"
work=$(mktemp -d)
touch "$work/index"
cat >"$work/config" <<CONFIG
[ca]
default_ca = ca
[ca]
database = $work/index
new_certs_dir = $work
rand_serial = yes
default_md = sha256
policy = policy
[policy]
commonName = supplied
CONFIG

# make NAME START END EXTENSIONS [OPTION...]
make() {
  name=$1 start=$2 end=$3 extensions=$4
  shift 4
  printf '%b' "$extensions" >"$work/extensions"
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "${name}_key.pem"
  openssl req -new -key "${name}_key.pem" -subj "/CN=btcagent test $name" -out "$work/request"
  openssl ca -batch -notext -config "$work/config" -extfile "$work/extensions" \
    -in "$work/request" -startdate "$start" -enddate "$end" -out "$name.pem" \
    -keyfile authority_key.pem "$@"
}

leaf='basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\nsubjectAltName='
make authority 20200101000000Z 20600101000000Z 'basicConstraints=critical,CA:TRUE\n' -selfsign
make pool 20200101000000Z 20600101000000Z "${leaf}DNS:pool.test,IP:127.0.0.1,IP:::1\n" -cert authority.pem
make elsewhere 20200101000000Z 20600101000000Z "${leaf}DNS:elsewhere.test,DNS:other.test\n" -cert authority.pem
make expired 20000101000000Z 20100101000000Z "${leaf}DNS:pool.test,IP:127.0.0.1\n" -cert authority.pem
# As openssl req -x509 makes them unless it is told otherwise: signed by themselves, for a CA.
own='basicConstraints=critical,CA:TRUE\nsubjectAltName=DNS:pool.test,IP:127.0.0.1,IP:::1\n'
make_own() {
  name=$1
  printf '%b' "$4" >"$work/extensions"
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "${name}_key.pem"
  openssl req -new -key "${name}_key.pem" -subj "/CN=btcagent test $name" -out "$work/request"
  openssl ca -batch -notext -config "$work/config" -extfile "$work/extensions" -selfsign \
    -in "$work/request" -startdate "$2" -enddate "$3" -out "$name.pem" -keyfile "${name}_key.pem"
}
make_own self_signed 20200101000000Z 20600101000000Z "$own"
make_own self_signed_leaf 20200101000000Z 20600101000000Z "${leaf}DNS:pool.test,IP:127.0.0.1\n"
make_own self_signed_expired 20000101000000Z 20100101000000Z "$own"
rm -r "$work"

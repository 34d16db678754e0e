#!/bin/sh
# Makes the certificates of test/support/receiver.ts again (openssl 3): one key for all, a root that is not kept.
set -eu
cd "$(dirname "$0")"
tmp=$(mktemp -d)
subject='/CN=hooks.example.com'
names='subjectAltName=DNS:hooks.example.com,IP:93.184.215.14'
curve='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
openssl req -x509 $curve -keyout "$tmp/ca.key" -out ca.pem -subj '/CN=Planasonix test root' -days 36500
openssl req -new $curve -keyout key.pem -out "$tmp/csr" -subj "$subject"
openssl req -x509 -key key.pem -out self-signed.pem -subj "$subject" -addext "$names" -days 36500
printf '%s\nextendedKeyUsage=serverAuth\n' "$names" > "$tmp/ext"
printf '[ca]\ndefault_ca=d\n[d]\ndatabase=%s/index\nserial=%s/serial\nnew_certs_dir=%s\ndefault_md=sha256\npolicy=p\nunique_subject=no\n[p]\ncommonName=supplied\n' "$tmp" "$tmp" "$tmp" > "$tmp/cnf"
touch "$tmp/index"
echo 01 > "$tmp/serial"
issue() {
  openssl ca -batch -notext -config "$tmp/cnf" -cert ca.pem -keyfile "$tmp/ca.key" -in "$tmp/csr" -out "$1" \
    -startdate 20200101000000Z -enddate "$2" -extfile "$tmp/ext"
}
issue valid.pem 21200101000000Z
issue expired.pem 20210101000000Z
rm -r "$tmp"

#!/bin/sh
# The last stage of the image: the libraries that the binary needs, and a user without rights who owns /data.
set -eu
apt-get update -q
DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
  librocksdb7.8 liblz4-1 libsqlite3-0 libcbor0.8 libspdlog1.10 libyaml-cpp0.7 libprometheus-cpp-core1.0 libssl3 \
  libboost-url1.81.0 libdate-tz3 zlib1g ca-certificates tzdata
rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb /var/cache/debconf/*-old /var/log/* /usr/share/doc/* /usr/share/man/*
groupadd --gid 10001 troupe
useradd --uid 10001 --gid troupe --home-dir /data --no-create-home --no-log-init --shell /usr/sbin/nologin troupe
install -d -o troupe -g troupe -m 0750 /data

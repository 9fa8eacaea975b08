#pragma once

#include <string>
#include <utility>

#include "tunnel_fixture.h"

namespace troupe {

using Fetched = Started<Result<HttpResponse>>;
using AbortKind = envoyproto::HttpStreamAbortReason::Kind;

class ScriptedBody final : public BodyStream {
 public:
  Task<Result<std::optional<Bytes>>> read() override {
    ++reads;
    if (pieces.empty()) co_await more.wait();
    if (failure) co_return *failure;
    if (pieces.empty()) co_return std::optional<Bytes>();
    auto piece = std::move(pieces.front());
    pieces.pop_front();
    co_return std::move(piece);
  }
  void cancel() override {
    cancelled = true;
    more.notify_all();
  }

  std::deque<std::optional<Bytes>> pieces;
  Signal more;
  std::optional<Error> failure;
  int reads = 0;
  bool cancelled = false;
};

class TunnelHttp : public TunnelTest {
 protected:
  TunnelHttp() { make_tunnel(); }

  HttpRequest request(std::string body = {}) {
    HttpRequest r;
    r.method = body.empty() ? "GET" : "POST";
    r.target = "/request/x?y=1";
    r.headers.set("accept", "*/*");
    r.body = to_bytes(body);
    return r;
  }
  Fetched fetch(HttpRequest r) { return start(tunnel->fetch(address(), std::move(r))); }
  /// A request whose answer has begun to come.
  std::shared_ptr<BodyStream> streaming() {
    const auto fetched = fetch(request());
    next<envoyproto::ToEnvoyRequestStart>();
    reply(0, envoyproto::ToRivetResponseStart{200, {}, std::nullopt, true});
    EXPECT_TRUE(*fetched && **fetched && (**fetched)->stream);
    return std::exchange((**fetched)->stream, nullptr);
  }
  Started<Result<std::optional<Bytes>>> read(const std::shared_ptr<BodyStream>& stream) {
    return start(stream->read());
  }
};

}  // namespace troupe

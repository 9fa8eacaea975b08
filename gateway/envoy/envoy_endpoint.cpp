#include "gateway/envoy/envoy_endpoint.h"

#include <openssl/crypto.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "engine/base/errors.h"
#include "gateway/envoy/envoy_query.h"
#include "gateway/envoy/envoy_socket.h"
#include "gateway/routing/percent.h"
#include "gateway/routing/subprotocols.h"

namespace troupe {
namespace {

Result<void> check_token(const HttpHeaders& headers, const std::string& secret) {
  if (secret.empty()) return {};
  const auto* header = headers.find("sec-websocket-protocol");
  const auto offered = header ? Subprotocols(*header).find("rivet_token.") : std::nullopt;
  if (!offered)
    return make_error("guard", "missing_header",
                      Value::object({{"header", "`rivet_token.*` protocol in sec-websocket-protocol"}}));
  const auto token = percent_decode(*offered);
  const bool same =
      token && token->size() == secret.size() && CRYPTO_memcmp(token->data(), secret.data(), secret.size()) == 0;
  if (!same) return make_error("api", "forbidden");
  return {};
}

}  // namespace

Task<Result<std::shared_ptr<ActorSocket>>> open_envoy(std::shared_ptr<GatewayContext> context, HttpRequest upgrade,
                                                      std::string ray_id, std::shared_ptr<ClientSocket> socket) {
  TROUPE_CO_CHECK(check_token(upgrade.headers, context->settings.admin_token));
  TROUPE_CO_TRY(auto hello, parse_envoy_query(upgrade.target));
  EnvoyGate* gate = context->engine.envoy_gate();
  if (!gate) co_return make_error("guard", "websocket_not_supported");
  const std::string key = hello.key;
  const envoyproto::Version version = hello.protocol;
  auto wire = std::make_shared<EnvoySocketWire>(std::move(socket), version, std::move(ray_id));
  auto session = gate->connect(std::move(hello), wire);
  if (!session) {
    spdlog::info("envoy {} is refused: {}", key, session.error().id());
    co_return session.error();
  }
  co_return std::shared_ptr<ActorSocket>(
      std::make_shared<EnvoySocketReader>(std::move(*session), std::move(wire), key, version));
}

HttpResponse envoy_endpoint_answer() {
  HttpResponse response;
  response.headers.set("content-type", "text/plain");
  response.body = to_bytes("pegboard-envoy WebSocket endpoint");
  return response;
}

}  // namespace troupe

#include "gateway/envoy/envoy_socket.h"

#include <spdlog/spdlog.h>

#include "engine/envoyproto/decode.h"
#include "engine/envoyproto/encode.h"
#include "gateway/proxy/answers.h"

namespace troupe {

bool EnvoySocketWire::send(const envoyproto::ToEnvoy& message) {
  auto frame = envoyproto::encode(version_, message);
  if (!frame) {
    // An older envoy cannot be told; what it asked for times out on its side.
    spdlog::warn("a message for an envoy does not exist in version {} of its protocol", version_);
    return true;
  }
  WebSocketMessage out;
  out.binary = true;
  out.data = std::move(*frame);
  return socket_->send(std::move(out));
}

void EnvoySocketWire::close(Error why) { socket_->close(close_code(why), close_reason(why, ray_id_)); }

Task<void> EnvoySocketReader::on_message(WebSocketMessage message) {
  if (!message.binary) co_return;
  auto decoded = envoyproto::decode_to_rivet(version_, message.data);
  if (!decoded) {
    // A flood of garbage is not a flood of log lines.
    ++unreadable_;
    if ((unreadable_ & (unreadable_ - 1)) == 0)
      spdlog::warn("envoy {}: {} messages so far could not be read: {}", key_, unreadable_, decoded.error().detail());
    co_return;
  }
  message.data = Bytes();
  auto handled = co_await session_->receive(std::move(*decoded));
  if (handled) co_return;
  Error why = handled.error();
  spdlog::warn("envoy {}: closed for {}", key_, why.detail());
  wire_->close(std::move(why));
}

void EnvoySocketReader::on_close(std::uint16_t code, std::string) {
  constexpr std::uint16_t kNormal = 1000;
  session_->closed(code == kNormal);
}

}  // namespace troupe

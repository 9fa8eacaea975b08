#pragma once

#include <memory>
#include <string>

#include "engine/hosts/envoy/envoy_gate.h"
#include "troupe/http.h"

namespace troupe {

/// The sending half of an envoy's WebSocket: messages become frames of its protocol version. Threads: any.
class EnvoySocketWire final : public EnvoyWire {
 public:
  EnvoySocketWire(std::shared_ptr<ClientSocket> socket, envoyproto::Version version, std::string ray_id)
      : socket_(std::move(socket)), version_(version), ray_id_(std::move(ray_id)) {}

  bool send(const envoyproto::ToEnvoy& message) override;
  std::size_t buffered_bytes() const override { return socket_->buffered_bytes(); }
  Task<void> wait_drained() override { return socket_->wait_drained(); }
  void close(Error why) override;

 private:
  const std::shared_ptr<ClientSocket> socket_;
  const envoyproto::Version version_;
  const std::string ray_id_;
};

/// The receiving half: frames become messages. Text and what cannot be read is left out, as the reference does.
class EnvoySocketReader final : public ActorSocket {
 public:
  EnvoySocketReader(std::shared_ptr<EnvoySession> session, std::shared_ptr<EnvoyWire> wire, std::string key,
                    envoyproto::Version version)
      : session_(std::move(session)), wire_(std::move(wire)), key_(std::move(key)), version_(version) {}

  Task<void> on_message(WebSocketMessage message) override;
  void on_close(std::uint16_t code, std::string reason) override;

 private:
  const std::shared_ptr<EnvoySession> session_;
  const std::shared_ptr<EnvoyWire> wire_;
  const std::string key_;
  const envoyproto::Version version_;
  std::uint64_t unreadable_ = 0;
};

}  // namespace troupe

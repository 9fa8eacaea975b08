#pragma once

#include <memory>
#include <string>

#include "engine/hosts/envoy/envoy_host_impl.h"
#include "engine/hosts/envoy/rate_limit.h"

namespace troupe {

/// One connection of an envoy: hands its messages to whom they concern.
class ConnectedEnvoy final : public EnvoySession, public std::enable_shared_from_this<ConnectedEnvoy> {
 public:
  ConnectedEnvoy(std::shared_ptr<EnvoyHostImpl> host, std::shared_ptr<EnvoyProcess> process,
                 std::shared_ptr<EnvoyWire> wire, std::string namespace_name, std::uint64_t number);

  Task<Result<void>> receive(envoyproto::ToRivet message) override;
  void closed(bool goodbye) override;

  /// Lets the requests that run be answered, then closes. Bound: `limit`.
  Task<void> go_away(Millis limit);
  /// Nothing of the connection may touch storage any more.
  void cut_storage();
  void set_connection(std::uint64_t connection) { connection_ = connection; }
  std::uint64_t connection() const { return connection_; }
  std::uint64_t number() const { return number_; }
  const std::shared_ptr<EnvoyProcess>& process() const { return process_; }
  const std::shared_ptr<EnvoyWire>& wire() const { return wire_; }

 private:
  Task<Result<void>> handle(envoyproto::ToRivetMetadata message);
  Task<Result<void>> handle(envoyproto::ToRivetEvents message);
  Task<Result<void>> handle(envoyproto::ToRivetAckCommands message);
  Task<Result<void>> handle(envoyproto::ToRivetStopping message);
  Task<Result<void>> handle(envoyproto::ToRivetPong message);
  Task<Result<void>> handle(envoyproto::ToRivetTunnelMessage message);
  Task<Result<void>> handle(envoyproto::ToRivetKvRequest message);
  /// Requests about pages and statements.
  template <class Data>
  Task<Result<void>> handle(envoyproto::Numbered<Data> message);

  void take_event(const std::shared_ptr<EnvoyActor>& actor, const envoyproto::Event& event);
  Task<void> look_into_unknown(ActorId id, std::uint32_t generation, envoyproto::Event event);
  Task<void> answer(envoyproto::ToEnvoy response);

  std::shared_ptr<EnvoyHostImpl> host_;
  std::shared_ptr<EnvoyProcess> process_;
  std::shared_ptr<EnvoyWire> wire_;
  std::shared_ptr<EnvoyStorePeer> peer_;
  std::shared_ptr<EnvoyRequests> requests_;
  RateLimit rate_;
  const std::uint64_t number_;
  std::uint64_t connection_ = 0;
};

}  // namespace troupe

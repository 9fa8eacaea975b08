#include "engine/hosts/local/local_host.h"

#include "engine/base/errors.h"
#include "engine/base/key.h"
#include "engine/hosts/local/local_actor.h"
#include "engine/hosts/local/socket_front.h"

namespace troupe {
namespace {

namespace asio = boost::asio;

/// Stands for an actor whose name nobody registered (any more).
class UnregisteredActor final : public HostedActor {
 public:
  void stop(StopReason) override {}
  Task<Result<HttpResponse>> fetch(HttpRequest) override { co_return make_error("actor", "stopping"); }
  Task<Result<OpenedSocket>> open_websocket(HttpRequest, std::shared_ptr<RelayedSocket>) override {
    co_return make_error("actor", "stopping");
  }
  Task<Result<Bytes>> call(std::string, Bytes) override { co_return make_error("actor", "stopping"); }
};

ActorInfo info_of(const ActorRecord& record) {
  ActorInfo info;
  info.actor_id = record.id.text();
  info.generation = record.generation;
  info.name = record.name;
  info.key = parse_key(record.key.value_or(std::string()));
  return info;
}

class LocalHost final : public Host {
 public:
  explicit LocalHost(std::shared_ptr<const LocalWorld> world) : world_(std::move(world)) {}

  /// A registered name runs here whatever its pool is called.
  bool serves(const NamespaceId&, const std::string&, const std::string& name) const override {
    return world_->registry->find(name) != nullptr;
  }

  std::shared_ptr<HostedActor> start(const ActorRecord& record, std::shared_ptr<HostEvents> events,
                                     std::vector<HibernatingSocket> hibernating) override {
    auto definition = world_->registry->find(record.name);
    if (definition == nullptr) return refuse(record, std::move(events));

    auto link = std::make_shared<LocalLink>(world_, record.namespace_id, std::move(events));
    ActorInstance::Config config{world_->ports,
                                 &world_->store,
                                 std::move(definition),
                                 info_of(record),
                                 record.id,
                                 record.input,
                                 asio::make_strand(world_->ports.io),
                                 link};
    if (const auto labels = world_->labels.find(record.name); labels != world_->labels.end())
      config.labels = labels->second;
    for (HibernatingSocket& socket : hibernating) config.sockets.push_back({socket.id, std::move(socket.client)});
    config.attach = &SocketFront::restore;
    auto actor = std::make_shared<LocalActor>(world_, world_->make_instance(std::move(config)), std::move(link));
    actor->start();
    return actor;
  }

 private:
  std::shared_ptr<HostedActor> refuse(const ActorRecord& record, std::shared_ptr<HostEvents> events) {
    const Error error = make_error("actor", "not_registered", Value::object({{"name", record.name}}));
    // Later, because the caller does not have the actor yet.
    asio::post(world_->ports.io,
               [to = std::move(events), text = error.code() + ": " + error.message()] { to->stopped(text); });
    return std::make_shared<UnregisteredActor>();
  }

  const std::shared_ptr<const LocalWorld> world_;
};

}  // namespace

std::shared_ptr<Host> make_local_host(std::shared_ptr<const LocalWorld> world) {
  return std::make_shared<LocalHost>(std::move(world));
}

}  // namespace troupe

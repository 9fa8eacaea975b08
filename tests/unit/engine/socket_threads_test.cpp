#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <map>
#include <mutex>

#include "engine/base/errors.h"
#include "engine/engine_hosts.h"
#include "tests/unit/engine/threaded_world.h"

/// Clients send, leave and go on, actors fall asleep and wake, all at once on several threads.
namespace troupe {
namespace {

constexpr int kThreads = 4;
constexpr int kActors = 4;
constexpr int kSockets = 4;
constexpr int kMessages = 200;

/// What has become of one socket, whichever generation had it.
class Told {
 public:
  /// Messages count up from 1; what was handled may come again, but nothing is left out.
  void message(int number) {
    const std::lock_guard lock(mutex_);
    if (number > handled_ + 1) ++gaps_;
    if (number <= handled_) return;
    handled_ = number;
    if (number == kMessages) all_handled.set_value();
  }
  void end() {
    const std::lock_guard lock(mutex_);
    if (++ends_ == 1) ended.set_value();
  }
  int gaps() const { return gaps_; }
  int ends() const { return ends_; }

  std::promise<void> all_handled, ended;

 private:
  std::mutex mutex_;
  int handled_ = 0, gaps_ = 0, ends_ = 0;
};

/// By the targets of their upgrades.
using Ledger = std::map<std::string, Told>;

/// One generation, on a strand. From the order to stop on it handles nothing, and it stops two turns later.
class Sleeper final : public HostedActor, public std::enable_shared_from_this<Sleeper> {
 public:
  Sleeper(const Executor& io, std::shared_ptr<Ledger> ledger, std::shared_ptr<HostEvents> events)
      : strand_(boost::asio::make_strand(io)), ledger_(std::move(ledger)), events_(std::move(events)) {}

  void run() {
    boost::asio::post(strand_, [self = shared_from_this()] { self->events_->running(); });
  }
  void stop(StopReason) override {
    auto last = [self = shared_from_this()] {
      boost::asio::post(self->strand_, [self] { self->events_->stopped(std::nullopt); });
    };
    boost::asio::post(strand_, [self = shared_from_this(), last = std::move(last)] {
      self->stopping_ = true;
      boost::asio::post(self->strand_, last);
    });
  }
  Task<Result<HttpResponse>> fetch(HttpRequest) override { co_return HttpResponse(); }
  Task<Result<Bytes>> call(std::string, Bytes) override { co_return Bytes(); }

  Task<Result<OpenedSocket>> open_websocket(HttpRequest upgrade, std::shared_ptr<RelayedSocket> client) override {
    auto end = co_await attach(shared_from_this(), &ledger_->at(upgrade.target), std::move(client));
    if (!end) co_return end.error();
    OpenedSocket opened;
    opened.actor = std::move(*end);
    opened.can_hibernate = true;
    co_return opened;
  }
  Task<Result<std::shared_ptr<ActorSocket>>> resume_websocket(HibernatingSocket socket, std::uint16_t) override {
    return attach(shared_from_this(), &ledger_->at(socket.upgrade->target), std::move(socket.client));
  }
  Task<Result<void>> closed_asleep(HibernatingSocket socket, std::uint16_t, std::string) override {
    return hear(shared_from_this(), &ledger_->at(socket.upgrade->target));
  }

 private:
  /// The actor's end of one socket.
  class End final : public ActorSocket {
   public:
    End(std::shared_ptr<Sleeper> actor, Told* told, std::shared_ptr<RelayedSocket> client)
        : actor_(std::move(actor)), told_(told), client_(std::move(client)) {}
    Task<void> on_message(WebSocketMessage message) override {
      boost::asio::post(actor_->strand_, [actor = actor_, told = told_, client = client_, message] {
        if (actor->stopping_) return;
        told->message(std::stoi(to_string(message.data)));
        client->ack(message.index);
      });
      co_return;
    }
    void on_close(std::uint16_t code, std::string) override {
      boost::asio::post(actor_->strand_, [actor = actor_, told = told_, client = client_, code] {
        if (actor->stopping_) return;
        told->end();
        client->close(code, "");
      });
    }

   private:
    const std::shared_ptr<Sleeper> actor_;
    Told* const told_;
    const std::shared_ptr<RelayedSocket> client_;
  };

  static Task<Result<std::shared_ptr<ActorSocket>>> attach(std::shared_ptr<Sleeper> self, Told* told,
                                                           std::shared_ptr<RelayedSocket> client) {
    auto look = [self]() -> Task<bool> { co_return self->stopping_; };
    const bool refuses = co_await boost::asio::co_spawn(self->strand_, std::move(look), boost::asio::use_awaitable);
    if (refuses) co_return make_error("actor", "stopping");
    co_return std::make_shared<End>(std::move(self), told, std::move(client));
  }
  static Task<Result<void>> hear(std::shared_ptr<Sleeper> self, Told* told) {
    auto listen = [self, told]() -> Task<bool> {
      if (!self->stopping_) told->end();
      co_return self->stopping_;
    };
    const bool refuses = co_await boost::asio::co_spawn(self->strand_, std::move(listen), boost::asio::use_awaitable);
    if (refuses) co_return make_error("actor", "stopping");
    co_return Result<void>();
  }

  const Executor strand_;
  const std::shared_ptr<Ledger> ledger_;
  const std::shared_ptr<HostEvents> events_;
  /// Strand only.
  bool stopping_ = false;
};

class SleeperHost final : public Host {
 public:
  SleeperHost(Executor io, std::shared_ptr<Ledger> ledger) : io_(std::move(io)), ledger_(std::move(ledger)) {}
  bool serves(const NamespaceId&, const std::string&, const std::string&) const override { return true; }
  std::shared_ptr<HostedActor> start(const ActorRecord&, std::shared_ptr<HostEvents> events,
                                     std::vector<HibernatingSocket>) override {
    auto actor = std::make_shared<Sleeper>(io_, ledger_, std::move(events));
    actor->run();
    return actor;
  }

 private:
  const Executor io_;
  const std::shared_ptr<Ledger> ledger_;
};

class QuietClient final : public ClientSocket {
 public:
  bool send(WebSocketMessage) override { return true; }
  std::size_t buffered_bytes() const override { return 0; }
  Task<void> wait_drained() override { co_return; }
  void close(std::uint16_t, std::string) override { ++closes; }
  std::atomic<int> closes{0};
};

/// Opens a socket and says everything there is to say.
Task<std::shared_ptr<ActorSocket>> talk(Engine& engine, ActorId id, std::string target,
                                        std::shared_ptr<ClientSocket> client) {
  std::shared_ptr<ActorSocket> socket;
  while (!socket) {
    auto hosted = co_await engine.acquire(id, {});
    if (!hosted) continue;
    HttpRequest upgrade;
    upgrade.target = target;
    auto opened = co_await engine.open_websocket(id, std::move(*hosted), std::move(upgrade), client);
    if (opened) socket = std::move(*opened);
  }
  for (int number = 1; number <= kMessages; ++number) {
    WebSocketMessage message;
    message.data = to_bytes(std::to_string(number));
    auto sent = socket->on_message(std::move(message));
    co_await std::move(sent);
  }
  co_return socket;
}

/// Wakes the actor and puts it to sleep again, until everything is told.
Task<void> disturb(Engine& engine, ActorId id, const std::atomic<bool>& over) {
  while (!over.load()) {
    (void)co_await engine.acquire(id, {});
    (void)co_await engine.sleep(id);
  }
}

TEST(SocketThreads, EveryMessageIsHandledInOrderAndEveryCloseOnceWhateverSleepsMeanwhile) {
  ThreadedWorld world(kThreads);
  const Executor io = world.io;
  auto ledger = std::make_shared<Ledger>();
  const auto target_of = [](int actor, int socket) {
    return "/websocket/" + std::to_string(actor) + "/" + std::to_string(socket);
  };
  for (int actor = 0; actor < kActors; ++actor)
    for (int socket = 0; socket < kSockets; ++socket) (*ledger)[target_of(actor, socket)];
  auto make_hosts = [&](const HostParts&) {
    return std::vector<std::shared_ptr<Host>>{std::make_shared<SleeperHost>(io, ledger)};
  };
  auto engine = make_engine_over(world.ports, {}, *world.store, world.actors, std::make_shared<Registry>(), make_hosts);
  ASSERT_TRUE(boost::asio::co_spawn(io, engine->start(), boost::asio::use_future).get());
  const NamespaceId ns = engine->directory().find_namespace("default")->id;

  std::atomic<bool> over{false};
  std::vector<std::future<void>> disturbing;
  std::vector<std::future<std::shared_ptr<ActorSocket>>> talking;
  const auto client = std::make_shared<QuietClient>();
  for (int actor = 0; actor < kActors; ++actor) {
    GetOrCreate wanted{ns, "sleeper", "k" + std::to_string(actor), "default", std::nullopt};
    const auto made =
        boost::asio::co_spawn(io, engine->get_or_create(std::move(wanted)), boost::asio::use_future).get();
    ASSERT_TRUE(made);
    const ActorId id = made->actor.id;
    disturbing.push_back(boost::asio::co_spawn(io, disturb(*engine, id, over), boost::asio::use_future));
    for (int socket = 0; socket < kSockets; ++socket) {
      auto task = talk(*engine, id, target_of(actor, socket), client);
      talking.push_back(boost::asio::co_spawn(io, std::move(task), boost::asio::use_future));
    }
  }
  std::vector<std::shared_ptr<ActorSocket>> sockets;
  for (auto& future : talking) sockets.push_back(future.get());
  for (auto& [target, told] : *ledger) told.all_handled.get_future().get();
  for (const auto& socket : sockets) boost::asio::post(io, [socket] { socket->on_close(1000, ""); });
  for (auto& [target, told] : *ledger) told.ended.get_future().get();
  over.store(true);
  for (auto& future : disturbing) future.get();
  boost::asio::co_spawn(io, engine->stop(), boost::asio::use_future).get();
  world.pool.join();

  EXPECT_EQ(client->closes.load(), 0);
  for (const auto& [target, told] : *ledger) {
    EXPECT_EQ(told.gaps(), 0) << target;
    EXPECT_EQ(told.ends(), 1) << target;
  }
}

}  // namespace
}  // namespace troupe

#include <gtest/gtest.h>

#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include "engine/base/real_ports.h"
#include "engine/clientproto/encode.h"
#include "engine/hosts/local/client_front.h"
#include "fakes.h"

namespace troupe {
namespace {

namespace asio = boost::asio;

class CountingSocket final : public RelayedSocket {
 public:
  SocketId id() const override { return {}; }
  void ack(std::uint16_t) override {}
  void hibernate() override {}
  bool send(WebSocketMessage) override {
    ++sent;
    return true;
  }
  std::size_t buffered_bytes() const override { return 0; }
  Task<void> wait_drained() override { co_return; }
  void close(std::uint16_t, std::string) override { ++closed; }

  std::atomic<int> sent{0}, closed{0};
};

constexpr int kActionsPerClient = 2'000;

Task<void> run_client(std::shared_ptr<FakeActor> actor, std::shared_ptr<CountingSocket> client, Timers& timers) {
  HttpRequest upgrade;
  upgrade.target = "/connect";
  auto opened = co_await front_open_websocket(std::move(actor), std::move(upgrade), client, timers);
  const std::shared_ptr<ActorSocket> socket = opened.value().actor;
  for (std::uint64_t id = 0; id < kActionsPerClient; ++id) {
    const clientproto::ActionRequest request{id, "get", Bytes{0x80}};
    WebSocketMessage message;
    message.data = clientproto::encode(clientproto::Encoding::json, request).value();
    co_await socket->on_message(std::move(message));
  }
  // Actions answer on their own time.
  while (client->sent < kActionsPerClient + 1) co_await asio::post(asio::use_awaitable);
  socket->on_close(1000, "");
}

TEST(SocketFrontThreads, ClientsOnManyThreadsGetEveryAnswerOfOneActor) {
  asio::thread_pool pool(4);
  const auto timers = make_asio_timers();
  auto actor = std::make_shared<FakeActor>(asio::make_strand(pool));
  std::vector<std::shared_ptr<CountingSocket>> clients;
  std::vector<std::future<void>> runs;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::make_shared<CountingSocket>());
    runs.push_back(
        asio::co_spawn(asio::make_strand(pool), run_client(actor, clients.back(), *timers), asio::use_future));
  }
  for (auto& run : runs) run.get();
  pool.join();
  for (const auto& client : clients) {
    EXPECT_EQ(client->sent, kActionsPerClient + 1);
    EXPECT_EQ(client->closed, 0);
  }
  EXPECT_EQ(actor->disconnects.size(), 3U);
}

}  // namespace
}  // namespace troupe

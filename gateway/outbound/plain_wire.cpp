#include <boost/asio/write.hpp>

#include "gateway/outbound/connect.h"
#include "gateway/outbound/wire.h"

namespace troupe::outbound {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

class PlainWire final : public Wire {
 public:
  PlainWire(const Executor& executor, const Url& url) : connector_(executor, url), socket_(executor) {}

  Task<error_code> connect() override { return connector_.connect(socket_); }
  Task<error_code> write(BytesView bytes) override {
    auto [error, size] = co_await asio::async_write(socket_, asio::buffer(bytes.data(), bytes.size()), kValues);
    co_return error;
  }
  Task<error_code> read_some(std::span<std::uint8_t> into, std::size_t& got) override {
    auto [error, size] = co_await socket_.async_read_some(asio::buffer(into.data(), into.size()), kValues);
    got = size;
    co_return error;
  }
  void close() override {
    connector_.cancel();
    error_code ignored;
    socket_.close(ignored);
  }

 private:
  Connector connector_;
  asio::ip::tcp::socket socket_;
};

}  // namespace

std::unique_ptr<Wire> make_plain_wire(Executor executor, const Url& url) {
  return std::make_unique<PlainWire>(executor, url);
}

}  // namespace troupe::outbound

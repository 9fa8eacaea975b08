#include "gateway/http/acceptor.h"

#include <boost/asio/ip/v6_only.hpp>

#include "engine/base/errors.h"

namespace troupe {
namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
using ErrorCode = boost::system::error_code;

constexpr int kBacklog = 1024;

Tcp::endpoint resolve(Tcp::acceptor& acceptor, const std::string& host, std::uint16_t port, ErrorCode& ec) {
  const auto address = asio::ip::make_address(host, ec);
  if (!ec) return {address, port};
  Tcp::resolver resolver(acceptor.get_executor());
  const auto found = resolver.resolve(host, std::to_string(port), ec);
  return ec ? Tcp::endpoint() : found.begin()->endpoint();
}

void bind(Tcp::acceptor& acceptor, const Tcp::endpoint& endpoint, ErrorCode& ec) {
  ErrorCode ignored;
  acceptor.close(ignored);
  acceptor.open(endpoint.protocol(), ec);
  if (!ec) acceptor.set_option(Tcp::acceptor::reuse_address(true), ec);
  if (!ec && endpoint.address().is_v6() && endpoint.address().is_unspecified())
    acceptor.set_option(asio::ip::v6_only(false), ec);
  // Asio would go on waiting after a client that has given up, and not see who else waits.
  if (!ec) acceptor.set_option(asio::socket_base::enable_connection_aborted(true), ec);
  if (!ec) acceptor.bind(endpoint, ec);
  if (!ec) acceptor.listen(kBacklog, ec);
}

Error listen_error(const std::string& address, const ErrorCode& ec) {
  Value metadata = Value::object({{"address", address}, {"reason", ec.message()}});
  const char* code = ec == asio::error::address_in_use ? "port_in_use" : "listen_failed";
  return make_error("server", code, std::move(metadata), ec.message());
}

}  // namespace

Result<std::uint16_t> listen(Tcp::acceptor& acceptor, const std::string& host, std::uint16_t port) {
  ErrorCode ec;
  const auto endpoint = resolve(acceptor, host, port, ec);
  if (!ec) bind(acceptor, endpoint, ec);
  if (ec && host == "::") {
    // Systems without IPv6.
    ec = {};
    bind(acceptor, Tcp::endpoint(Tcp::v4(), port), ec);
  }
  if (ec) return listen_error(host + ":" + std::to_string(port), ec);
  return acceptor.local_endpoint(ec).port();
}

bool is_of_one_client(const ErrorCode& ec) {
  return ec == asio::error::connection_aborted || ec == boost::system::errc::protocol_error;
}

}  // namespace troupe

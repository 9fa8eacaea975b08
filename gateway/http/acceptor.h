#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <string>

#include "troupe/result.h"

namespace troupe {

/// Opens the acceptor and listens; the port, which is another one than `port` when that is 0. `host`: an address or a
/// name; `::` takes IPv4 as well, and alone where there is no IPv6. Blocks while a name is resolved. Errors:
/// `server.port_in_use`, `server.listen_failed`.
Result<std::uint16_t> listen(boost::asio::ip::tcp::acceptor& acceptor, const std::string& host, std::uint16_t port);

/// Whether accepting failed for one client only, which has given up before.
bool is_of_one_client(const boost::system::error_code& ec);

}  // namespace troupe

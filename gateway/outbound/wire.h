#pragma once

#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "engine/base/ports.h"
#include "engine/base/url/url.h"
#include "troupe/bytes.h"
#include "troupe/result.h"

namespace troupe::outbound {

/// A connection to a server, with or without TLS. Threads: its executor only.
class Wire {
 public:
  virtual ~Wire() = default;
  virtual Task<boost::system::error_code> connect() = 0;
  virtual Task<boost::system::error_code> write(BytesView bytes) = 0;
  /// Sets `got`; 0 without an error does not happen.
  virtual Task<boost::system::error_code> read_some(std::span<std::uint8_t> into, std::size_t& got) = 0;
  /// Whatever is under way fails.
  virtual void close() = 0;
};

/// Nothing is sent before `connect`. Lifetime: `tls` outlives the wire.
std::unique_ptr<Wire> make_plain_wire(Executor executor, const Url& url);
std::unique_ptr<Wire> make_tls_wire(Executor executor, const Url& url, boost::asio::ssl::context& tls);

}  // namespace troupe::outbound

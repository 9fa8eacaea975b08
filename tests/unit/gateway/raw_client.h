#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {

struct ClientResponse {
  int status = 0;
  std::map<std::string, std::string> headers;
  std::string body;
  /// The body ended as its framing says.
  bool complete = false;

  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "<none>" : found->second;
  }
};

struct ClientFrame {
  int opcode = 0;
  std::string payload;
  int close_code() const {
    return payload.size() < 2 ? 1005
                              : (static_cast<unsigned char>(payload[0]) << 8 | static_cast<unsigned char>(payload[1]));
  }
  std::string close_reason() const { return payload.size() < 2 ? "" : payload.substr(2); }
};

/// A blocking TCP client that sends exactly what a test says. Nothing it waits for may take longer than 10 s.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port, int receive_buffer = 0);
  ~RawClient();
  RawClient(RawClient&& other) noexcept;
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  /// False when the server has closed the connection.
  bool send(std::string_view bytes);
  /// Sends until the server has taken nothing for a while; how much it took.
  std::size_t send_what_fits(std::string_view bytes);
  void finish_sending();
  void close();

  /// Nothing when the connection ends before a head is complete.
  std::optional<ClientResponse> response(bool to_head = false);
  /// Reads until `text` has come; what came until then.
  std::string read_until(std::string_view text);
  /// True when the server ends the connection without sending anything more.
  bool at_end();
  std::string read_to_end();

  /// Sends an upgrade and returns the answer's head.
  std::optional<ClientResponse> upgrade(std::string_view target, std::string_view more_headers = "");
  static std::string frame(int opcode, std::string_view payload, bool fin = true);
  std::optional<ClientFrame> read_frame();

 private:
  bool fill();

  int fd_ = -1;
  std::string in_;
};

}  // namespace troupe

#include "gateway/http/websocket_handshake.h"

#include <openssl/evp.h>

#include <array>

#include "engine/base/codec/json.h"

namespace troupe {
namespace {

std::string accept_value(std::string_view key) {
  std::string text(key);
  text += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<std::uint8_t, 20> digest{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr);
  return encode_base64(digest);
}

}  // namespace

std::string_view websocket_handshake_fault(const HttpHeaders& headers) {
  const auto* key = headers.find("sec-websocket-key");
  if (!key || key->empty()) return "missing Sec-WebSocket-Key header";
  const auto* version = headers.find("sec-websocket-version");
  if (!version || *version != "13") return "Sec-WebSocket-Version is not 13";
  return {};
}

std::string websocket_accept_head(const HttpHeaders& request, const HttpHeaders& extra) {
  std::string head =
      "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
      "sec-websocket-protocol: rivet\r\nsec-websocket-accept: ";
  head += accept_value(*request.find("sec-websocket-key"));
  head += "\r\n";
  for (const auto& [name, value] : extra) head.append(name).append(": ").append(value).append("\r\n");
  head += "\r\n";
  return head;
}

}  // namespace troupe

// Lines "<ToRivet|ToEnvoy> <version> <frame in hex>" come in; for each goes out the frame that what it decodes to is
// encoded as, or "refused". The codec of envoys is compared with the published one through it.

#include <iostream>
#include <sstream>
#include <string>

#include "engine/envoyproto/decode.h"
#include "engine/envoyproto/encode.h"

namespace {

using namespace troupe;

Bytes from_hex(const std::string& hex) {
  Bytes bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes.push_back(static_cast<std::uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  return bytes;
}

template <class Message>
void answer(envoyproto::Version version, const Result<Message>& message) {
  const auto frame = message ? envoyproto::encode(version, *message) : Result<Bytes>(message.error());
  if (!frame) {
    std::cout << "refused\n";
    return;
  }
  static constexpr char kDigits[] = "0123456789abcdef";
  for (const std::uint8_t byte : *frame) std::cout << kDigits[byte >> 4] << kDigits[byte & 15];
  std::cout << '\n';
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream in(line);
    std::string direction, hex;
    envoyproto::Version version = 0;
    in >> direction >> version >> hex;
    const Bytes frame = from_hex(hex);
    if (direction == "ToRivet")
      answer(version, envoyproto::decode_to_rivet(version, frame));
    else
      answer(version, envoyproto::decode_to_envoy(version, frame));
  }
}

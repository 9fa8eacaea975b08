#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bench {

/// Headers and bodies as the published client sends them: BARE version 4 around CBOR arguments.
extern const std::string kClientHeaders;
extern const std::string kIncrementBody;  // increment(1)
extern const std::string kNoArgumentsBody;

/// PUT /actors; the actor's id.
std::string make_actor(std::uint16_t port, const std::string& name, const std::string& key);
/// The bytes of that request.
std::string make_actor_request(const std::string& name, const std::string& key);
std::string action_request(const std::string& id, const std::string& action, const std::string& body);
/// Orders the sleep and waits for it.
void put_to_sleep(std::uint16_t port, const std::string& id);

double median(std::vector<double> values);

}  // namespace bench

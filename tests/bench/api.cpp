#include "api.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "load.h"

namespace bench {

using nlohmann::json;

const std::string kClientHeaders =
    "content-type: application/octet-stream\r\nx-rivet-encoding: bare\r\nuser-agent: bench\r\naccept: */*\r\n";
const std::string kIncrementBody("\x04\x00\x02\x81\x01", 5);
const std::string kNoArgumentsBody("\x04\x00\x01\x80", 4);

namespace {
const std::string kJson = "content-type: application/json\r\n";
}

std::string make_actor_request(const std::string& name, const std::string& key) {
  const json body{{"name", name}, {"key", key}, {"runner_name_selector", "default"}, {"crash_policy", "sleep"}};
  return http_request("PUT", "/actors?namespace=default", kJson, body.dump());
}

std::string make_actor(std::uint16_t port, const std::string& name, const std::string& key) {
  return json::parse(body_of(http_exchange(port, make_actor_request(name, key)))).at("actor").at("actor_id");
}

std::string action_request(const std::string& id, const std::string& action, const std::string& body) {
  return http_request("POST", "/gateway/" + id + "/action/" + action, kClientHeaders, body);
}

void put_to_sleep(std::uint16_t port, const std::string& id) {
  http_exchange(port, http_request("POST", "/actors/" + id + "/sleep?namespace=default", kJson, "{}"));
  for (;;) {
    const auto answer = json::parse(
        body_of(http_exchange(port, http_request("GET", "/actors?namespace=default&actor_ids=" + id, "", ""))));
    const auto& actor = answer.at("actors").at(0);
    if (actor.at("connectable_ts").is_null() && !actor.at("sleep_ts").is_null()) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace bench

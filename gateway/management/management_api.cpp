#include "gateway/management/management_api.h"

#include <spdlog/spdlog.h>

#include "gateway/management/http/api_call.h"
#include "gateway/management/http/responses.h"
#include "gateway/management/http/routes.h"

namespace troupe {

namespace {

using namespace management;

class ManagementApiImpl : public ManagementApi {
 public:
  ManagementApiImpl(const Ports& ports, Engine& engine, ManagementSettings settings)
      : context_{ports, &engine, std::move(settings)} {}

  Task<HttpResponse> handle(HttpRequest request, std::string ray_id) override {
    const auto started = context_.ports.clock.monotonic();
    const auto question = request.target.find('?');
    std::string query = question == std::string::npos ? std::string() : request.target.substr(question + 1);
    auto match = match_route(routes(), std::string_view(request.target).substr(0, question));
    const Route* route = match.route;
    // What is left of the request once a handler has it.
    HttpRequest head;
    head.method = request.method;
    head.headers = request.headers;

    HttpResponse response;
    if (head.method == "OPTIONS") {
      response = options_answer(head, route);
    } else {
      if (!route) {
        response = error_answer(make_error("api", "not_found"));
      } else if (const auto handler = find_handler(*route, head.method)) {
        ApiCall call{&context_, std::move(request), std::move(match.params), std::move(query), std::move(ray_id)};
        response = co_await answer(handler, std::move(call));
      } else {
        response = method_not_allowed(*route);
      }
      add_cors(response, head, route);
    }
    if (context_.settings.on_answer) {
      const auto path = route ? route->path : std::string_view();
      const ApiAnswer report{head.method, path, response.status, context_.ports.clock.monotonic() - started};
      context_.settings.on_answer(report);
    }
    co_return response;
  }

 private:
  static Task<HttpResponse> answer(Handler handler, ApiCall call) {
    const std::string ray_id = call.ray_id;
    const std::string what = call.request.method + " " + call.request.target;
    try {
      auto result = co_await handler(std::move(call));
      if (result) co_return std::move(result).value();
      const auto& error = result.error();
      if (error_status(error) >= 500)
        spdlog::error("{} failed: {}: {} {} ray={}", what, error.id(), error.message(), error.detail(), ray_id);
      co_return error_answer(error);
    } catch (const std::exception& exception) {
      spdlog::error("{} threw: {} ray={}", what, exception.what(), ray_id);
    }
    co_return error_answer(internal_error({}));
  }

  ApiContext context_;
};

}  // namespace

std::unique_ptr<ManagementApi> make_management_api(const Ports& ports, Engine& engine, ManagementSettings settings) {
  return std::make_unique<ManagementApiImpl>(ports, engine, std::move(settings));
}

}  // namespace troupe

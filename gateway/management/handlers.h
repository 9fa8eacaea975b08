#pragma once

#include "gateway/management/http/api_call.h"

/// The handlers of the routes, one file per family. Each reads path, query and body, then checks the token, then acts.
namespace troupe::management {

// service.cpp
Task<Result<HttpResponse>> root_redirect(ApiCall call);
Task<Result<HttpResponse>> health(ApiCall call);
Task<Result<HttpResponse>> health_fanout(ApiCall call);
Task<Result<HttpResponse>> metadata(ApiCall call);
Task<Result<HttpResponse>> list_datacenters(ApiCall call);

// namespaces.cpp
Task<Result<HttpResponse>> list_namespaces(ApiCall call);
Task<Result<HttpResponse>> create_namespace(ApiCall call);

// actors_read.cpp
Task<Result<HttpResponse>> list_actors(ApiCall call);
Task<Result<HttpResponse>> list_actor_names(ApiCall call);

// actors_create.cpp
Task<Result<HttpResponse>> create_actor(ApiCall call);
Task<Result<HttpResponse>> get_or_create_actor(ApiCall call);

// actors_act.cpp
Task<Result<HttpResponse>> destroy_actor(ApiCall call);
Task<Result<HttpResponse>> sleep_actor(ApiCall call);
Task<Result<HttpResponse>> reschedule_actor(ApiCall call);
Task<Result<HttpResponse>> read_actor_kv(ApiCall call);

// pools/envoys.cpp, pools/runners.cpp
Task<Result<HttpResponse>> list_envoys(ApiCall call);
Task<Result<HttpResponse>> list_runners(ApiCall call);
Task<Result<HttpResponse>> list_runner_names(ApiCall call);

// pools/pool_configs.cpp
Task<Result<HttpResponse>> list_runner_configs(ApiCall call);
Task<Result<HttpResponse>> put_runner_config(ApiCall call);
Task<Result<HttpResponse>> delete_runner_config(ApiCall call);

// pools/endpoints.cpp
Task<Result<HttpResponse>> check_serverless_health(ApiCall call);
Task<Result<HttpResponse>> refresh_pool_metadata(ApiCall call);

}  // namespace troupe::management

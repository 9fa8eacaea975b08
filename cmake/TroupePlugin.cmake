set(TROUPE_PLUGIN_MAP ${CMAKE_CURRENT_LIST_DIR}/plugin.map)

# troupe_add_plugin(<name> <sources>...): a shared library of actors for `troupe start --actors`. It shows nothing but
# its entry point, so that neither the daemon nor another library can take its functions for their own.
function(troupe_add_plugin name)
  add_library(${name} MODULE ${ARGN})
  if(TARGET troupe::sdk)
    target_link_libraries(${name} PRIVATE troupe::sdk)
  else()
    target_link_libraries(${name} PRIVATE troupe_sdk)
  endif()
  target_link_options(${name} PRIVATE "LINKER:--version-script=${TROUPE_PLUGIN_MAP}")
  if(NOT TROUPE_SANITIZE)
    target_link_options(${name} PRIVATE LINKER:--no-undefined)
  endif()
  set_target_properties(${name} PROPERTIES LINK_DEPENDS ${TROUPE_PLUGIN_MAP} POSITION_INDEPENDENT_CODE ON)
endfunction()

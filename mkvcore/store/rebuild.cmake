# Making the index anew from what lies on the volumes.
add_library(mkv_rebuild STATIC found_key.cc index_replacement.cc progress.cc rebuild.cc
            volume_walk.cc)
target_link_libraries(mkv_rebuild PUBLIC mkv_store mkv_format mkv_index mkv_volumes)

# Work over the whole store that is not a server's: the index made anew from what lies on the
# volumes, compared with it, copied.
add_library(mkv_rebuild STATIC backup.cc check.cc found_key.cc index_files.cc index_replacement.cc progress.cc rebuild.cc
            sync_folder.cc volume_walk.cc)
target_link_libraries(mkv_rebuild PUBLIC mkv_store mkv_format mkv_index mkv_volumes)

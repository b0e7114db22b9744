mkv_add_test(rebuild_unit_test LABELS unit
             SOURCES rebuild_choice_test.cc rebuild_progress_test.cc rebuild_replacement_test.cc
             LIBRARIES mkv_rebuild mkv_test_support)
mkv_add_test(rebuild_test LABELS core concurrency
             SOURCES rebuild_old_index_test.cc rebuild_test.cc ../support/own_network_main.cc
             LIBRARIES mkv_rebuild mkv_test_support)

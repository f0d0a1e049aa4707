// Boost.JSON as headers only: its one translation unit in this program.
#include <boost/json/src.hpp>

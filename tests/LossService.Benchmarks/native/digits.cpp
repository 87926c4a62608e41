// Peers in C++ for reading and writing digits, driven by the benchmark over its standard input and output: a line
// "NAME TIMES" does the work so many times and answers with the seconds it took; "check NAME" answers with the sum of
// the squares of the numbers. simdjson only where Debian's libsimdjson-dev is installed.
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <map>
#include <string>
#include <vector>
#if __has_include(<simdjson.h>)
#include <simdjson.h>
#define WITH_SIMDJSON 1
#endif

namespace {

std::vector<char> Contents(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return std::vector<char>(std::istreambuf_iterator<char>(file), {});
}

// The text between brackets, number by number.
template <class T>
size_t FromChars(const char* at, const char* end, T* to) {
    size_t count = 0;
    while (at < end) {
        if (*at == '[' || *at == ']' || *at == ',') {
            at++;
        } else {
            at = std::from_chars(at, end, to[count++]).ptr;
        }
    }
    return count;
}

template <class T>
void Serve(const std::vector<char>& text, const std::vector<T>& values, size_t rows) {
    std::vector<T> read(values.size());
    std::vector<char> written(values.size() * 32 + 2 * rows + 2);
    size_t length = 0;
    std::map<std::string, std::function<void()>> works;
    works["from_chars"] = [&] { FromChars(text.data(), text.data() + text.size(), read.data()); };
    works["to_chars"] = [&] {
        char* at = written.data();
        const T* value = values.data();
        size_t columns = values.size() / rows;
        *at++ = '[';
        for (size_t row = 0; row < rows; row++) {
            *at++ = '[';
            for (size_t column = 0; column < columns; column++) {
                at = std::to_chars(at, at + 32, *value++).ptr;
                *at++ = ',';
            }
            at[-1] = ']';
            *at++ = ',';
        }
        at[-1] = ']';
        length = at - written.data();
    };
#ifdef WITH_SIMDJSON
    simdjson::padded_string padded(text.data(), text.size());
    simdjson::ondemand::parser parser;
    works["simdjson"] = [&] {
        simdjson::ondemand::document document = parser.iterate(padded);
        T* to = read.data();
        for (auto row : document.get_array()) {
            for (auto value : row.get_array()) {
                *to++ = static_cast<T>(double(value.get_double()));
            }
        }
    };
#endif

    std::cout << "ready";
    for (const auto& work : works) {
        std::cout << ' ' << work.first;
    }
#ifdef WITH_SIMDJSON
    std::cout << " simdjson-" << simdjson::SIMDJSON_VERSION_MAJOR << '.' << simdjson::SIMDJSON_VERSION_MINOR << '.'
              << simdjson::SIMDJSON_VERSION_REVISION << '-' << simdjson::get_active_implementation()->name();
#endif
    std::cout << std::endl;

    std::string name;
    while (std::cin >> name) {
        if (name == "check") {
            std::cin >> name;
            works[name]();
            if (name == "to_chars") {
                FromChars(written.data(), written.data() + length, read.data());
            }
            double sum = 0;
            for (T value : read) {
                sum += double(value) * double(value);
            }
            std::printf("%.17g\n", sum);
        } else {
            long times;
            std::cin >> times;
            auto& work = works[name];
            auto start = std::chrono::steady_clock::now();
            for (long i = 0; i < times; i++) {
                work();
            }
            std::printf("%.9g\n", std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
        }
        std::fflush(stdout);
    }
}

template <class T>
void ServeFiles(const std::string& text, const std::string& values, size_t rows) {
    std::vector<char> raw = Contents(values);
    std::vector<T> numbers(raw.size() / sizeof(T));
    std::memcpy(numbers.data(), raw.data(), raw.size());
    Serve(Contents(text), numbers, rows);
}

}  // namespace

// digits float32|float64 TEXT VALUES ROWS
int main(int count, char** given) {
    if (count != 5) {
        return 2;
    }
    size_t rows = std::stoul(given[4]);
    std::string(given[1]) == "float64" ? ServeFiles<double>(given[2], given[3], rows)
                                       : ServeFiles<float>(given[2], given[3], rows);
    return 0;
}

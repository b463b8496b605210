// libcurl's types, and calls of two of its functions. Both are variadic, which Swift can't call; and as the library is
// opened with dlopen when the first request is made, they come as addresses.

#include <curl/curl.h>

typedef CURLcode (*keywright_curl_variadic_setopt)(CURL *, CURLoption, ...);
typedef CURLcode (*keywright_curl_variadic_getinfo)(CURL *, CURLINFO, ...);

static inline CURLcode keywright_curl_set_long(void *setopt, CURL *handle, CURLoption option, long value) {
  return ((keywright_curl_variadic_setopt)setopt)(handle, option, value);
}

static inline CURLcode keywright_curl_set_size(void *setopt, CURL *handle, CURLoption option, curl_off_t value) {
  return ((keywright_curl_variadic_setopt)setopt)(handle, option, value);
}

static inline CURLcode keywright_curl_set_pointer(void *setopt, CURL *handle, CURLoption option, const void *value) {
  return ((keywright_curl_variadic_setopt)setopt)(handle, option, value);
}

static inline CURLcode keywright_curl_set_writer(void *setopt, CURL *handle, CURLoption option,
                                                 size_t (*function)(char *, size_t, size_t, void *)) {
  return ((keywright_curl_variadic_setopt)setopt)(handle, option, function);
}

static inline CURLcode keywright_curl_set_opener(void *setopt, CURL *handle,
                                                 curl_socket_t (*function)(void *, curlsocktype, struct curl_sockaddr *)) {
  return ((keywright_curl_variadic_setopt)setopt)(handle, CURLOPT_OPENSOCKETFUNCTION, function);
}

static inline CURLcode keywright_curl_set_prerequest(void *setopt, CURL *handle,
                                                     int (*function)(void *, char *, char *, int, int)) {
  return ((keywright_curl_variadic_setopt)setopt)(handle, CURLOPT_PREREQFUNCTION, function);
}

static inline CURLcode keywright_curl_get_long(void *getinfo, CURL *handle, CURLINFO info, long *value) {
  return ((keywright_curl_variadic_getinfo)getinfo)(handle, info, value);
}

static inline CURLcode keywright_curl_get_socket(void *getinfo, CURL *handle, curl_socket_t *value) {
  return ((keywright_curl_variadic_getinfo)getinfo)(handle, CURLINFO_ACTIVESOCKET, value);
}

// libgit2, opened when a repository is unusual enough to need it: linked, it and the fourteen libraries it brings would
// cost every start of the program two milliseconds and three megabytes. Each function here calls libgit2's of the same
// name; without the library it fails, and keywright_git_is_there says so beforehand.

#include <dlfcn.h>
#include <git2.h>
#include <git2/sys/repository.h>

static inline void *keywright_git_function(const char *name) {
  // The version that these headers describe, and no other: structures differ between them.
  static void *library;
  void *opened = __atomic_load_n(&library, __ATOMIC_ACQUIRE);
  if (!opened) {
    opened = dlopen("libgit2.so." LIBGIT2_SOVERSION, RTLD_NOW | RTLD_LOCAL);
    if (opened) __atomic_store_n(&library, opened, __ATOMIC_RELEASE);
  }
  return opened ? dlsym(opened, name) : (void *)0;
}

static inline int keywright_git_is_there(void) { return keywright_git_function("git_libgit2_init") != (void *)0; }

static inline const char *keywright_git_library(void) { return "libgit2.so." LIBGIT2_SOVERSION; }

#define KEYWRIGHT_GIT(name) __typeof__(&name) call = (__typeof__(&name))keywright_git_function(#name)

// git_libgit2_opts is variadic, which Swift can't call.
static inline int keywright_git_set_extensions(const char **names, size_t count) {
  KEYWRIGHT_GIT(git_libgit2_opts);
  return call ? call(GIT_OPT_SET_EXTENSIONS, names, count) : -1;
}
static inline int keywright_git_set_owner_validation(int enabled) {
  KEYWRIGHT_GIT(git_libgit2_opts);
  return call ? call(GIT_OPT_SET_OWNER_VALIDATION, enabled) : -1;
}

static inline int keywright_git_libgit2_init(void) {
  KEYWRIGHT_GIT(git_libgit2_init);
  return call ? call() : -1;
}
static inline int keywright_git_libgit2_version(int *major, int *minor, int *revision) {
  KEYWRIGHT_GIT(git_libgit2_version);
  if (!call) return -1;
  call(major, minor, revision);
  return 0;
}
static inline const git_error *keywright_git_error_last(void) {
  KEYWRIGHT_GIT(git_error_last);
  return call ? call() : (const git_error *)0;
}
static inline void keywright_git_repository_free(git_repository *repo) {
  KEYWRIGHT_GIT(git_repository_free);
  if (call) call(repo);
}
static inline int keywright_git_repository_open_ext(git_repository **out, const char *path, unsigned int flags, const char *ceiling_dirs) {
  KEYWRIGHT_GIT(git_repository_open_ext);
  return call ? call(out, path, flags, ceiling_dirs) : -1;
}
static inline int keywright_git_repository_config_snapshot(git_config **out, git_repository *repo) {
  KEYWRIGHT_GIT(git_repository_config_snapshot);
  return call ? call(out, repo) : -1;
}
static inline void keywright_git_config_free(git_config *cfg) {
  KEYWRIGHT_GIT(git_config_free);
  if (call) call(cfg);
}
static inline const char *keywright_git_repository_path(const git_repository *repo) {
  KEYWRIGHT_GIT(git_repository_path);
  return call ? call(repo) : (const char *)0;
}
static inline const char *keywright_git_repository_commondir(const git_repository *repo) {
  KEYWRIGHT_GIT(git_repository_commondir);
  return call ? call(repo) : (const char *)0;
}
static inline const char *keywright_git_repository_workdir(const git_repository *repo) {
  KEYWRIGHT_GIT(git_repository_workdir);
  return call ? call(repo) : (const char *)0;
}
static inline int keywright_git_revparse_single(git_object **out, git_repository *repo, const char *spec) {
  KEYWRIGHT_GIT(git_revparse_single);
  return call ? call(out, repo, spec) : -1;
}
static inline void keywright_git_object_free(git_object *object) {
  KEYWRIGHT_GIT(git_object_free);
  if (call) call(object);
}
static inline const git_oid *keywright_git_object_id(const git_object *obj) {
  KEYWRIGHT_GIT(git_object_id);
  return call ? call(obj) : (const git_oid *)0;
}
static inline void keywright_git_buf_dispose(git_buf *buffer) {
  KEYWRIGHT_GIT(git_buf_dispose);
  if (call) call(buffer);
}
static inline int keywright_git_config_get_path(git_buf *out, const git_config *cfg, const char *name) {
  KEYWRIGHT_GIT(git_config_get_path);
  return call ? call(out, cfg, name) : -1;
}
static inline int keywright_git_repository_discover(git_buf *out, const char *start_path, int across_fs, const char *ceiling_dirs) {
  KEYWRIGHT_GIT(git_repository_discover);
  return call ? call(out, start_path, across_fs, ceiling_dirs) : -1;
}
static inline int keywright_git_config_open_ondisk(git_config **out, const char *path) {
  KEYWRIGHT_GIT(git_config_open_ondisk);
  return call ? call(out, path) : -1;
}
static inline int keywright_git_config_iterator_glob_new(git_config_iterator **out, const git_config *cfg, const char *regexp) {
  KEYWRIGHT_GIT(git_config_iterator_glob_new);
  return call ? call(out, cfg, regexp) : -1;
}
static inline void keywright_git_config_iterator_free(git_config_iterator *iter) {
  KEYWRIGHT_GIT(git_config_iterator_free);
  if (call) call(iter);
}
static inline int keywright_git_config_next(git_config_entry **entry, git_config_iterator *iter) {
  KEYWRIGHT_GIT(git_config_next);
  return call ? call(entry, iter) : -1;
}
static inline int keywright_git_config_open_default(git_config **out) {
  KEYWRIGHT_GIT(git_config_open_default);
  return call ? call(out) : -1;
}

#undef KEYWRIGHT_GIT

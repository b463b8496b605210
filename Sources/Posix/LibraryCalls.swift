// Functions of the C library that Swift's module of it leaves out, found by name when first needed.

internal import Glibc

enum LibraryCalls {
  @unsafe struct Attributes: Sendable {
    let list: @convention(c) (Int32, UnsafeMutableRawPointer?, Int) -> Int
    let get: @convention(c) (Int32, UnsafePointer<CChar>, UnsafeMutableRawPointer?, Int) -> Int
    let set: @convention(c) (Int32, UnsafePointer<CChar>, UnsafeRawPointer?, Int, Int32) -> Int32
    let remove: @convention(c) (Int32, UnsafePointer<CChar>) -> Int32
  }

  /// flistxattr(2), fgetxattr(2), fsetxattr(2), fremovexattr(2).
  static let extendedAttributes: Attributes? = {
    guard let list = unsafe dlsym(nil, "flistxattr"), let get = unsafe dlsym(nil, "fgetxattr"),
      let set = unsafe dlsym(nil, "fsetxattr"), let remove = unsafe dlsym(nil, "fremovexattr")
    else { return nil }
    return unsafe Attributes(
      list: unsafeBitCast(list, to: (@convention(c) (Int32, UnsafeMutableRawPointer?, Int) -> Int).self),
      get: unsafeBitCast(
        get, to: (@convention(c) (Int32, UnsafePointer<CChar>, UnsafeMutableRawPointer?, Int) -> Int).self),
      set: unsafeBitCast(
        set, to: (@convention(c) (Int32, UnsafePointer<CChar>, UnsafeRawPointer?, Int, Int32) -> Int32).self),
      remove: unsafeBitCast(remove, to: (@convention(c) (Int32, UnsafePointer<CChar>) -> Int32).self))
  }()

  /// prctl(2) with one argument. It is variadic in C; where Linux runs, integers are passed alike either way.
  static let processControl: (@convention(c) (Int32, UInt, UInt, UInt, UInt) -> Int32)? = {
    guard let found = unsafe dlsym(nil, "prctl") else { return nil }
    return unsafe unsafeBitCast(found, to: (@convention(c) (Int32, UInt, UInt, UInt, UInt) -> Int32).self)
  }()

  /// pipe2(2): `pipe` could not mark its ends before another thread starts a program that inherits them.
  static let pipe: (@convention(c) (UnsafeMutablePointer<Int32>, Int32) -> Int32)? = {
    guard let found = unsafe dlsym(nil, "pipe2") else { return nil }
    return unsafe unsafeBitCast(found, to: (@convention(c) (UnsafeMutablePointer<Int32>, Int32) -> Int32).self)
  }()

  /// posix_spawn_file_actions_addchdir_np(3).
  static let changeDirectory: (@convention(c) (UnsafeMutableRawPointer, UnsafePointer<CChar>) -> Int32)? = {
    guard let found = unsafe dlsym(nil, "posix_spawn_file_actions_addchdir_np") else { return nil }
    return unsafe unsafeBitCast(
      found, to: (@convention(c) (UnsafeMutableRawPointer, UnsafePointer<CChar>) -> Int32).self)
  }()
}

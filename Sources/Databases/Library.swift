// Shared libraries that are opened when they are first needed.

internal import Glibc

/// A library that was opened; it stays open.
@safe struct Library: Sendable {
  // Never written through.
  private nonisolated(unsafe) let handle: UnsafeMutableRawPointer

  /// The first of the names that can be opened.
  init?(_ names: [String]) {
    guard let opened = unsafe names.lazy.compactMap({ unsafe dlopen($0, RTLD_NOW | RTLD_LOCAL) }).first else {
      return nil
    }
    unsafe handle = opened
  }

  /// The function of that name, as the type that its documentation gives it.
  func function<F>(_ name: String, as type: F.Type) -> F? {
    guard let address = unsafe dlsym(handle, name) else { return nil }
    return unsafe unsafeBitCast(address, to: type)
  }
}

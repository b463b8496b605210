// Extended attributes: access lists, security labels, whatever users attach to files.

internal import Glibc

/// Names and values attached to a file.
public enum ExtendedAttributes {
  private static let maximumBytes = 1 << 20

  /// The attributes of a file; none where the file system has no such thing.
  public static func all(of file: OpenFile) throws(SystemError) -> [(name: [UInt8], value: [UInt8])] {
    guard let calls = unsafe LibraryCalls.extendedAttributes else { return [] }
    let number = file.descriptor.number
    let names: [UInt8]
    do throws(SystemError) {
      names = try unsafe grow(file) { unsafe calls.list(number, $0, $1) }
    } catch {
      if error.code == EOPNOTSUPP || error.code == ENOSYS { return [] }
      throw error
    }
    var found: [(name: [UInt8], value: [UInt8])] = []
    for name in names.split(separator: 0) {
      let name = Array(name)
      let value = try unsafe grow(file) { buffer, count in
        unsafe CString.with(name) { unsafe calls.get(number, $0, buffer, count) }
      }
      found.append((name, value))
    }
    return found
  }

  /// Gives `target` the attributes of `source`, and takes away those that it alone has.
  static func copy(from source: OpenFile, to target: OpenFile) throws(SystemError) {
    guard let calls = unsafe LibraryCalls.extendedAttributes else { return }
    let number = target.descriptor.number
    let wanted = try all(of: source)
    let present = try all(of: target)
    for attribute in present where !wanted.contains(where: { $0.name == attribute.name }) {
      let result = unsafe CString.with(attribute.name) { unsafe calls.remove(number, $0) }
      guard result == 0 else { throw .current("remove an attribute of", target.path) }
    }
    for attribute in wanted where !present.contains(where: { $0 == attribute }) {
      let result = unsafe CString.with(attribute.name) { name in
        unsafe attribute.value.withUnsafeBytes { unsafe calls.set(number, name, $0.baseAddress, $0.count, 0) }
      }
      guard result == 0 else { throw .current("set an attribute of", target.path) }
    }
  }

  private static func grow(
    _ file: OpenFile, _ call: (UnsafeMutableRawPointer?, Int) -> Int
  ) throws(SystemError) -> [UInt8] {
    var capacity = 1_024
    while capacity <= maximumBytes {
      var result = 0
      let bytes = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, filled in
        unsafe result = call(UnsafeMutableRawPointer(buffer.baseAddress), capacity)
        filled = max(result, 0)
      }
      if result >= 0 { return bytes }
      guard errno == ERANGE else { throw .current("read the attributes of", file.path) }
      capacity *= 4
    }
    throw SystemError("read the attributes of", file.path, code: E2BIG)
  }
}

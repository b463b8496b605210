// Files and directories of an object database, read with pread into memory of our own. They are not mapped: another
// process may shorten a mapped file, and the next access would end this one with SIGBUS. A file that is opened here
// and then deleted or replaced (by `git gc`) goes on being readable. Refuses anything but regular files.

internal import Glibc

/// A regular file, open for reading for as long as the value lives.
final class StoredFile: Sendable {
  let path: String
  /// The size in bytes when it was opened.
  let size: Int
  private let identity: (device: UInt, inode: UInt)
  /// Open all the time, or nil where there are so many files that each read opens and closes it.
  private let descriptor: Int32?

  /// Opens the file. With `staysOpen` false it is opened again for each read, and must still be the same file.
  init(_ path: String, staysOpen: Bool = true) throws(ObjectFailure) {
    let (descriptor, status) = try StoredFile.open(path)
    self.path = path
    size = Int(status.st_size)
    identity = (status.st_dev, status.st_ino)
    if staysOpen {
      self.descriptor = descriptor
    } else {
      self.descriptor = nil
      close(descriptor)
    }
  }

  deinit { if let descriptor { close(descriptor) } }

  /// Reads into `buffer` from `offset` on; returns the number of bytes read, which is short only at the file's end.
  func read(at offset: Int, into buffer: UnsafeMutableBufferPointer<UInt8>) throws(ObjectFailure) -> Int {
    if let descriptor { return unsafe try read(descriptor, at: offset, into: buffer) }
    let (fresh, status) = try StoredFile.open(path)
    defer { close(fresh) }
    guard status.st_dev == identity.device, status.st_ino == identity.inode else {
      throw ObjectFailure(id: nil, reason: .unreadable, detail: "\(path) was replaced while it was read")
    }
    return unsafe try read(fresh, at: offset, into: buffer)
  }

  private func read(
    _ descriptor: Int32, at offset: Int, into buffer: UnsafeMutableBufferPointer<UInt8>
  ) throws(ObjectFailure) -> Int {
    guard let start = buffer.baseAddress, offset >= 0 else { return 0 }
    var done = 0
    while done < buffer.count {
      let count = unsafe pread(descriptor, start + done, buffer.count - done, offset + done)
      if count < 0 {
        if errno == EINTR { continue }
        throw ObjectFailure(id: nil, reason: .unreadable, detail: "read \(path): \(StoredFile.reason(errno))")
      }
      if count == 0 { break }
      done += count
    }
    return done
  }

  /// Exactly `count` bytes from `offset` on; the caller has bounded `count`.
  func bytes(at offset: Int, count: Int) throws(ObjectFailure) -> [UInt8] {
    guard count >= 0, offset >= 0, offset <= size, count <= size - offset else { throw truncated }
    var failure: ObjectFailure?
    let result = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      do throws(ObjectFailure) {
        unsafe initialized = try read(at: offset, into: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
      } catch { failure = error }
    }
    if let failure { throw failure }
    guard result.count == count else { throw truncated }
    return result
  }

  /// The failure of a file that ends too early.
  var truncated: ObjectFailure { ObjectFailure(id: nil, reason: .corrupt, detail: "\(path) ends too early") }

  /// The failure of a file whose content makes no sense.
  func corrupt(_ detail: String) -> ObjectFailure {
    ObjectFailure(id: nil, reason: .corrupt, detail: "\(path): \(detail)")
  }

  private static func open(_ path: String) throws(ObjectFailure) -> (Int32, stat) {
    // Without O_NONBLOCK a planted FIFO would hold us for ever.
    let descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw ObjectFailure(
        id: nil, reason: errno == ENOENT ? .missing : .unreadable, detail: "open \(path): \(reason(errno))")
    }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw ObjectFailure(id: nil, reason: .unreadable, detail: "\(path) is not a regular file")
    }
    return (descriptor, status)
  }

  static func reason(_ code: Int32) -> String {
    guard let text = unsafe strerror(code) else { return "error \(code)" }
    return unsafe String(cString: text)
  }
}

/// Listing directories and resolving paths.
enum StoredDirectory {
  /// The names in the directory, sorted, without `.` and `..`; nil if there is no such directory.
  static func names(_ path: String, maximum: Int = .max) throws(ObjectFailure) -> [String]? {
    guard let directory = unsafe opendir(path) else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw ObjectFailure(id: nil, reason: .unreadable, detail: "list \(path): \(StoredFile.reason(errno))")
    }
    defer { unsafe closedir(directory) }
    var names: [String] = []
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { field in
        unsafe field.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name == "." || name == ".." { continue }
      guard names.count < maximum else {
        throw ObjectFailure(id: nil, reason: .unreadable, detail: "\(path) holds more than \(maximum) entries")
      }
      names.append(name)
    }
    return names.sorted()
  }

  /// The path without symbolic links, `.` and `..`; nil if it does not exist.
  static func realPath(_ path: String) -> String? {
    guard let resolved = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved)
  }
}

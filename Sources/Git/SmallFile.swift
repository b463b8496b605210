// The text files in a repository's own directory: refs, reflogs, heads. Read in pieces, so that one of a gigabyte costs no more
// memory than one of a line. Never follows a link, never waits for a pipe.

internal import Glibc

/// Reads text files and lists directories. Paths are bytes: a ref's name need not be UTF-8.
enum SmallFile {
  /// A reflog or the packed refs of a million branches may be long; a gigabyte is not read.
  static let maximumBytes = 1 << 30
  /// A longer line is no ref and no entry of a reflog; its beginning is handed on, the rest is passed over.
  static let maximumLineBytes = 1 << 16

  /// The lines of a file. What can't be read counts as empty: for those files that need not be there.
  static func lines(_ path: String, maximumBytes: Int = maximumBytes) -> [ArraySlice<UInt8>] {
    var lines: [ArraySlice<UInt8>] = []
    try? forEachLine(Array(path.utf8), maximumBytes: maximumBytes) { lines.append(Array($0)[...]) }
    return lines
  }

  /// Calls `body` with every line that is not empty, without its newline; the slice is valid during the call only.
  ///
  /// - Throws: if the file can't be read whole; what was read until then has been handed on. A missing file's reason is `missing`.
  static func forEachLine(
    _ path: [UInt8], maximumBytes: Int = maximumBytes, _ body: (ArraySlice<UInt8>) -> Void
  ) throws(ObjectFailure) {
    let name = String(decoding: path, as: UTF8.self)
    let descriptor = unsafe open(terminated(path), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else {
      let isMissing = errno == ENOENT || errno == ENOTDIR
      throw ObjectFailure(
        id: nil, reason: isMissing ? .missing : .unreadable, detail: "open \(name): \(StoredFile.reason(errno))")
    }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw ObjectFailure(id: nil, reason: .unreadable, detail: "\(name) is not a regular file")
    }
    guard status.st_size <= maximumBytes else {
      throw ObjectFailure(id: nil, reason: .unreadable, detail: "\(name) is longer than \(maximumBytes) bytes")
    }
    // Most of these files hold one line.
    let size = min(max(Int(status.st_size) + 1, 512), 1 << 18)
    try forEachLine(descriptor, name, [UInt8](repeating: 0, count: max(size, 2)), maximumBytes, body)
  }

  private static func forEachLine(
    _ descriptor: Int32, _ name: String, _ space: [UInt8], _ maximumBytes: Int, _ body: (ArraySlice<UInt8>) -> Void
  ) throws(ObjectFailure) {
    var buffer = space
    // Bytes of an unfinished line at the buffer's beginning, and whether its beginning has been handed on already.
    var held = 0
    var isPassedOver = false
    var total = 0
    while total <= maximumBytes {
      let count = unsafe buffer.withUnsafeMutableBufferPointer { space in
        unsafe space.baseAddress.map { unsafe read(descriptor, $0 + held, space.count - held) } ?? 0
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw ObjectFailure(id: nil, reason: .unreadable, detail: "read \(name): \(StoredFile.reason(errno))")
      }
      if count == 0 { break }
      total += count
      let end = held + count
      var start = 0
      while let newline = buffer[start..<end].firstIndex(of: 0x0a) {
        if newline > start && !isPassedOver { body(buffer[start..<newline]) }
        isPassedOver = false
        start = newline + 1
      }
      held = end - start
      if start > 0 {
        for place in 0..<held { buffer[place] = buffer[start + place] }
      } else if held == buffer.count || held > maximumLineBytes {
        if !isPassedOver { body(buffer[0..<min(held, maximumLineBytes)]) }
        isPassedOver = true
        held = 0
      }
    }
    if held > 0 && !isPassedOver { body(buffer[0..<held]) }
  }

  /// The names in a directory, sorted by their bytes; none where it is missing.
  static func byteNames(_ directory: [UInt8]) throws(ObjectFailure) -> [[UInt8]] {
    guard let stream = unsafe opendir(terminated(directory)) else {
      if errno == ENOENT || errno == ENOTDIR { return [] }
      let name = String(decoding: directory, as: UTF8.self)
      throw ObjectFailure(id: nil, reason: .unreadable, detail: "list \(name): \(StoredFile.reason(errno))")
    }
    defer { unsafe closedir(stream) }
    var names: [[UInt8]] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { unsafe Array($0.prefix { $0 != 0 }) }
      if name != [0x2e] && name != [0x2e, 0x2e] { names.append(name) }
    }
    return names.sorted { $0.lexicographicallyPrecedes($1) }
  }

  /// The names in a directory as text, sorted; none where it can't be read.
  static func names(_ directory: String) -> [String] {
    ((try? byteNames(Array(directory.utf8))) ?? []).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Whether a directory, and no link to one, is there.
  static func isDirectory(_ path: String) -> Bool { kind(Array(path.utf8)) == S_IFDIR }

  /// The kind of file that is there itself, as in `st_mode`; nil for none.
  static func kind(_ path: [UInt8]) -> mode_t? {
    var status = stat()
    return unsafe lstat(terminated(path), &status) == 0 ? status.st_mode & S_IFMT : nil
  }

  /// Where a symbolic link leads, in its own words; nil if it is none.
  static func link(_ path: [UInt8]) -> [UInt8]? {
    var target = [UInt8](repeating: 0, count: 4_096)
    let count = unsafe target.withUnsafeMutableBytes { space in
      unsafe space.bindMemory(to: CChar.self).baseAddress.map { unsafe readlink(terminated(path), $0, space.count) }
        ?? 0
    }
    return count > 0 && count < target.count ? Array(target[..<count]) : nil
  }

  private static func terminated(_ path: [UInt8]) -> [CChar] { path.map { CChar(bitPattern: $0) } + [0] }
}

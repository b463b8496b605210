// The environment block, read once: `getenv` at odd moments races with libraries that change it.

internal import Glibc

/// The process's environment variables.
public enum ProcessEnvironment {
  /// The variables as they were when this was first asked; ill-formed UTF-8 is replaced.
  public static let current: [String: String] = {
    var variables: [String: String] = [:]
    var entry: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> = unsafe environ
    while let text = unsafe entry.pointee {
      let pair = unsafe String(cString: text)
      if let equals = pair.firstIndex(of: "="), equals != pair.startIndex {
        variables[String(pair[..<equals])] = String(pair[pair.index(after: equals)...])
      }
      unsafe entry += 1
    }
    return variables
  }()
}

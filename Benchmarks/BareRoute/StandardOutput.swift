import Glibc

/// Whoever started the program waits for its line in a pipe, which stdio would hold back.
func fflushStandardOutput() {
    // Nil means all streams (C11 §7.21.5.2).
    fflush(nil)
}

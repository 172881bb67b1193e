package owner

import (
	"fmt"
	"os"
	"syscall"
)

// Lock lets one up or down run at a time on this machine. The kernel frees it when its holder dies.
type Lock struct{ file *os.File }

// Acquire waits for the lock; waiting is called once if another holds it.
func Acquire(path string, waiting func()) (*Lock, error) {
	for {
		lock, err := open(path, waiting)
		if err != nil {
			return nil, fmt.Errorf("locking the cluster: %w", err)
		}
		// Its last holder may have removed the file while we waited for it.
		if lock.current(path) {
			return lock, nil
		}
		_ = lock.file.Close()
	}
}

// Release lets the next one in. The file goes as well: down leaves nothing behind.
func (l *Lock) Release() {
	_ = os.Remove(l.file.Name())
	_ = l.file.Close()
}

func open(path string, waiting func()) (*Lock, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	descriptor := int(file.Fd())
	if syscall.Flock(descriptor, syscall.LOCK_EX|syscall.LOCK_NB) == nil {
		return &Lock{file}, nil
	}
	waiting()
	if err := syscall.Flock(descriptor, syscall.LOCK_EX); err != nil {
		_ = file.Close()
		return nil, err
	}
	return &Lock{file}, nil
}

func (l *Lock) current(path string) bool {
	held, err := l.file.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(path)
	return err == nil && os.SameFile(held, there)
}

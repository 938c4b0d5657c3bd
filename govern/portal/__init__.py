"""The portal: pages for employees, HR, works council, data protection officer and auditor, over the library's calls."""
